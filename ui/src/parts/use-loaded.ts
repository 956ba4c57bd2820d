import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Problem } from "../api/rest";

/** What was asked for, why it did not come, or null while it is on its way. */
export type Loaded<T> = { value: T } | { problem: Problem } | null;

interface Loading<T> {
  loaded: ReadonlySignal<Loaded<T>>;
  /** Asks again; what is there stays until the answer comes. */
  again: () => void;
}

/** Something the head end has, asked for when the part appears and whenever `keys` change. */
export function useLoaded<T>(load: () => Promise<T>, keys: readonly unknown[]): Loading<T> {
  const loaded = useSignal<Loaded<T>>(null);
  const round = useSignal(0);
  useEffect(() => {
    loaded.value = null;
  }, keys);
  useEffect(() => {
    let current = true;
    const take = (answer: Loaded<T>) => {
      if (current) loaded.value = answer;
    };
    load().then(
      (value) => take({ value }),
      (problem) => {
        if (!(problem instanceof Problem)) throw problem;
        take({ problem });
      },
    );
    return () => {
      current = false;
    };
  }, [...keys, round.value]);
  return {
    loaded,
    again: () => {
      round.value += 1;
    },
  };
}
