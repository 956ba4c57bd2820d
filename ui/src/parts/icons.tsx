import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.4"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const Sun = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1" />
  </Icon>
);

export const Moon = () => (
  <Icon>
    <path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z" />
  </Icon>
);

export const Auto = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.6" />
    <path d="M8 2.4v11.2A5.6 5.6 0 0 0 8 2.4Z" fill="currentColor" />
  </Icon>
);

export const Rows = () => (
  <Icon>
    <path d="M2 4h12M2 8h12M2 12h12" />
  </Icon>
);

export const Tiles = () => (
  <Icon>
    <path d="M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z" />
  </Icon>
);

export const Back = () => (
  <Icon>
    <path d="M10 3 5 8l5 5" />
  </Icon>
);

export const Leave = () => (
  <Icon>
    <path d="M6.5 2.5h-4v11h4M6 8h7.5M10.5 5l3 3-3 3" />
  </Icon>
);

export const Search = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.3" />
    <path d="m10.3 10.3 3.4 3.4" />
  </Icon>
);

export const Download = () => (
  <Icon>
    <path d="M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11" />
  </Icon>
);

/** A contact, open or closed. */
export const Contact = ({ closed }: { closed: boolean }) => (
  <Icon>
    <path d={closed ? "M1.5 8.5H14.5" : "M1.5 9.5H5L10.4 4M11 9.5H14.5"} />
    <circle cx="5" cy={closed ? 8.5 : 9.5} r="1" fill="currentColor" />
    <circle cx="11" cy={closed ? 8.5 : 9.5} r="1" fill="currentColor" />
  </Icon>
);

/** A meter, and a question about it. */
export const Quarantine = () => (
  <Icon>
    <circle cx="8" cy="8" r="6" />
    <path d="M6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2M8 11.2v.1" />
  </Icon>
);

export const Refresh = () => (
  <Icon>
    <path d="M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.8h-2.8" />
  </Icon>
);

/** One period between two terminals. */
export const Logo = () => (
  <svg class="logo" viewBox="0 0 28 20" width="28" height="20" fill="none" aria-hidden="true">
    <path
      d="M1 10h3c2.2 0 2.8-8 5-8s3.2 16 5 16 2.8-16 5-16 2.8 8 5 8h3"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>
);
