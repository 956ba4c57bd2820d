import { lazy, Suspense } from "preact/compat";
import { LinesPage } from "./pages/lines";
import { OverviewPage } from "./pages/overview";
import { SignInPage } from "./pages/sign-in";
import { useHeadEnd } from "./parts/context";
import { Header } from "./parts/header";
import { Trouble } from "./parts/trouble";
import { route } from "./router";
import { t } from "./words";

// uPlot comes with the first chart somebody looks at.
const MeterPage = lazy(() => import("./pages/meter"));

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
      return (
        <Suspense fallback={<p class="nothing">{t("overview.loading")}</p>}>
          <MeterPage serial={current.serial} />
        </Suspense>
      );
  }
}
