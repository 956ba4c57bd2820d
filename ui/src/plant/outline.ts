import { plain } from "../format";

const STEP = "  ";

/** JSON as people write down what belongs to what: a line for each name, deeper ones indented. */
export const outline = (content: unknown): string =>
  isTree(content) ? linesOf(content, "").join("\n") : plain(content);

function linesOf(tree: object, indent: string): string[] {
  return Object.entries(tree).flatMap(([key, content]) => {
    const head = Array.isArray(tree) ? `${indent}-` : `${indent}${key}:`;
    if (!isTree(content)) return [`${head} ${plain(content)}`];
    const below = linesOf(content, indent + STEP);
    // The first line of a list's item stands beside its dash.
    return Array.isArray(tree)
      ? [`${head} ${below[0]?.trimStart() ?? ""}`, ...below.slice(1)]
      : [head, ...below];
  });
}

const isTree = (content: unknown): content is object =>
  typeof content === "object" && content !== null && Object.keys(content).length > 0;
