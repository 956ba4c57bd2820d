import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { HeadEnd } from "../head-end";

export const HeadEndContext = createContext<HeadEnd | null>(null);

export function useHeadEnd(): HeadEnd {
  const headEnd = useContext(HeadEndContext);
  if (!headEnd) throw new Error("a part was drawn outside the page");
  return headEnd;
}
