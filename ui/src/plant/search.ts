/** The items in which every word of `text` occurs, in any spelling. */
export function matching<T>(
  items: readonly T[],
  text: string,
  searched: (item: T) => readonly (string | number | null | undefined)[],
): readonly T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  return items.filter((item) => {
    const whole = searched(item).join(" ").toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}
