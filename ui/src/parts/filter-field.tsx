import type { Signal } from "@preact/signals";
import { Search } from "./icons";

interface Properties {
  text: Signal<string>;
  hint: string;
}

/** Narrows a list as somebody types. */
export function FilterField({ text, hint }: Properties) {
  return (
    <label class="search-field">
      <span class="hidden">{hint}</span>
      <Search />
      <input
        class="field"
        type="search"
        name="filter"
        placeholder={hint}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}
