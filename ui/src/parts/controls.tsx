import { type Signal, useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as format from "../format";
import {
  type Criteria,
  GROUPINGS,
  type Grouping,
  SORTS,
  type SortKey,
  STATES,
} from "../plant/arrangement";
import { t } from "../words";
import { useHeadEnd } from "./context";
import { Rows, Search, Tiles } from "./icons";

export type Layout = "table" | "tiles";

interface Properties {
  criteria: Signal<Criteria>;
  layout: Signal<Layout>;
}

/** What of the plant is shown, and how. */
export function Controls({ criteria, layout }: Properties) {
  const { plant } = useHeadEnd();
  const set = (change: Partial<Criteria>) => {
    criteria.value = { ...criteria.peek(), ...change };
  };
  const chosen = criteria.value;
  return (
    <search class="controls" aria-label={t("controls.label")}>
      <SearchField text={chosen.text} onText={(text) => set({ text })} />
      <Choice
        name="area"
        label={t("controls.area")}
        value={chosen.area}
        options={[
          ["", t("controls.all-areas")],
          ...plant.areas.value.map(({ code, name }): [string, string] => [code, name]),
        ]}
        onChoice={(area) => set({ area })}
      />
      <StateFilter state={chosen.state} onState={(state) => set({ state })} />
      <span class="spring" />
      <Choice
        name="group"
        label={t("controls.group")}
        value={chosen.group}
        options={GROUPINGS.map((key) => [key, t(`group.${key}`)])}
        onChoice={(group) => set({ group: group as Grouping })}
      />
      <Choice
        name="sort"
        label={t("controls.sort")}
        value={chosen.sort}
        options={SORTS.map((key) => [key, t(`sort.${key}`)])}
        onChoice={(sort) =>
          set({ sort: sort as SortKey, descending: descendsFirst(sort as SortKey) })
        }
      />
      <LayoutSwitch layout={layout} />
    </search>
  );
}

/** Of numbers people want the largest first, of names and states the first. */
export const descendsFirst = (sort: SortKey): boolean => sort !== "name" && sort !== "state";

function SearchField({ text, onText }: { text: string; onText: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
  return (
    <label class="search-field">
      <span class="hidden">{t("controls.search")}</span>
      <Search />
      <input
        ref={input}
        class="field"
        type="search"
        name="text"
        placeholder={t("controls.search.hint")}
        aria-keyshortcuts="/"
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </label>
  );
}

interface ChoiceProperties {
  name: string;
  label: string;
  value: string;
  options: [string, string][];
  onChoice: (value: string) => void;
}

function Choice({ name, label, value, options, onChoice }: ChoiceProperties) {
  return (
    <label class={`choice ${name}`}>
      <span class="label" aria-hidden="true">
        {label}
      </span>
      <select
        aria-label={label}
        class="field"
        name={name}
        value={value}
        onChange={(event) => onChoice(event.currentTarget.value)}
      >
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function StateFilter({
  state,
  onState,
}: {
  state: Criteria["state"];
  onState: (state: Criteria["state"]) => void;
}) {
  const { plant } = useHeadEnd();
  const counts = useComputed(() => {
    const found: Record<string, number> = { "": plant.meters.value.size };
    for (const meter of plant.meters.value.values()) {
      const standing = meter.standing.value;
      found[standing] = (found[standing] ?? 0) + 1;
    }
    return found;
  });
  return (
    <div class="segments states" role="group" aria-label={t("controls.state")}>
      {STATES.map((key) => (
        <button key={key} type="button" aria-pressed={state === key} onClick={() => onState(key)}>
          {key && <span class={`dot ${key}`} aria-hidden="true" />}
          {t(key ? `state.${key}` : "state.all")}
          <span class="count">{format.count(counts.value[key] ?? 0)}</span>
        </button>
      ))}
    </div>
  );
}

function LayoutSwitch({ layout }: { layout: Signal<Layout> }) {
  return (
    <div class="segments layout" role="group" aria-label={t("controls.layout")}>
      <button
        type="button"
        aria-pressed={layout.value === "table"}
        aria-label={t("layout.table")}
        title={t("layout.table")}
        onClick={() => {
          layout.value = "table";
        }}
      >
        <Rows />
      </button>
      <button
        type="button"
        aria-pressed={layout.value === "tiles"}
        aria-label={t("layout.tiles")}
        title={t("layout.tiles")}
        onClick={() => {
          layout.value = "tiles";
        }}
      >
        <Tiles />
      </button>
    </div>
  );
}
