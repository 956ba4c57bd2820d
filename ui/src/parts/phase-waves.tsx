/** Three sine waves a third of a period apart, drawn in hair lines behind the sign-in form. */
export function PhaseWaves() {
  return (
    <svg class="waves" viewBox="0 0 1200 240" preserveAspectRatio="none" aria-hidden="true">
      {["l1", "l2", "l3"].map((phase, index) => (
        <path
          key={phase}
          class={phase}
          d={wave(index / 3)}
          fill="none"
          vector-effect="non-scaling-stroke"
        />
      ))}
    </svg>
  );
}

const PERIODS = 2.5;

function wave(shift: number): string {
  const points = Array.from({ length: 241 }, (_, index) => {
    const angle = 2 * Math.PI * ((index / 240) * PERIODS - shift);
    return `${index * 5},${(120 - 100 * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join("L")}`;
}
