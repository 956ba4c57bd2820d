import { useHeadEnd } from "./context";
import { Download } from "./icons";

interface Properties {
  path: string;
  /** Asked for when the button is pressed: times go on until then. */
  query: () => Record<string, string>;
  /** The name of the file, without its ending. */
  name: string;
}

/** Saves a list of the head end as a table. A plain link could not carry the token. */
export function CSVButton({ path, query, name }: Properties) {
  const { rest, trouble } = useHeadEnd();
  async function save() {
    const text = await rest.text(path, query(), "text/csv");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = `${name}.csv`;
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
