import { queryOf, type Range } from "../plant/history";
import { readingsPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { useHeadEnd } from "./context";
import { Download } from "./icons";

interface Properties {
  meter: MeterModel;
  code: string;
  range: Range;
}

/** Saves what the history shows. A plain link could not carry the token. */
export function CSVButton({ meter, code, range }: Properties) {
  const { rest, now, trouble } = useHeadEnd();
  async function save() {
    const text = await rest.text(readingsPath(meter), queryOf(code, range, now.peek()), "text/csv");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = `${meter.serial}-${code}-${range}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
  return (
    <button
      type="button"
      class="button"
      onClick={() =>
        void save().catch((problem) => {
          trouble.value = problem;
        })
      }
    >
      <Download /> CSV
    </button>
  );
}
