interface Properties<T extends string> {
  label: string;
  options: readonly (readonly [T, string])[];
  chosen: T;
  onChoose: (key: T) => void;
}

/** A choice of a few, one of them pressed. */
export function Segments<T extends string>({ label, options, chosen, onChoose }: Properties<T>) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(([key, text]) => (
        <button key={key} type="button" aria-pressed={chosen === key} onClick={() => onChoose(key)}>
          {text}
        </button>
      ))}
    </div>
  );
}
