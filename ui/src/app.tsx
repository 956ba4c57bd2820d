import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Problem } from "./api/rest";
import { LinesPage } from "./pages/lines";
import { OverviewPage } from "./pages/overview";
import { QuarantinePage } from "./pages/quarantine";
import { SignInPage } from "./pages/sign-in";
import { useHeadEnd } from "./parts/context";
import { Header } from "./parts/header";
import { Trouble } from "./parts/trouble";
import { type MeterTab, route } from "./router";
import { t } from "./words";

/** uPlot comes with the first meter somebody looks at. */
const meterPage = signal<typeof import("./pages/meter")["MeterPage"] | null>(null);

export function App() {
  const { session } = useHeadEnd();
  if (!session.user.value) return <SignInPage />;
  return (
    <>
      <button
        type="button"
        class="button skip"
        onClick={() => document.getElementById("content")?.focus()}
      >
        {t("nav.skip")}
      </button>
      <Header />
      <Trouble />
      <div id="content" tabIndex={-1}>
        <Page />
      </div>
    </>
  );
}

function Page() {
  const current = route.value;
  switch (current.page) {
    case "overview":
      return <OverviewPage />;
    case "lines":
      return <LinesPage />;
    case "meter":
      return <LateMeterPage serial={current.serial} tab={current.tab} />;
    case "quarantine":
      return <QuarantinePage />;
  }
}

function LateMeterPage(properties: { serial: string; tab: MeterTab }) {
  const { trouble } = useHeadEnd();
  useEffect(() => {
    import("./pages/meter").then(
      ({ MeterPage }) => {
        meterPage.value = MeterPage;
      },
      () => {
        trouble.value = new Problem(0, "page-missing", "");
      },
    );
  }, []);
  const MeterPage = meterPage.value;
  return MeterPage ? <MeterPage {...properties} /> : <p class="nothing">{t("overview.loading")}</p>;
}
