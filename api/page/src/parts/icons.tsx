// Small line icons, drawn on a 24 px grid; they take the colour and (by default) size of the text.

const PATHS = {
  search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM15.3 15.3 20 20",
  route: "M6 19a2 2 0 1 1 0-4 2 2 0 0 1 0 4ZM18 9a2 2 0 1 1 0-4 2 2 0 0 1 0 4ZM8 17h7.5a3.5 3.5 0 0 0 0-7h-7a3.5 3.5 0 0 1 0-7H15",
  live: "M12 10.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3ZM8.1 15.9a5.5 5.5 0 0 1 0-7.8M15.9 8.1a5.5 5.5 0 0 1 0 7.8M5.3 18.7a9.5 9.5 0 0 1 0-13.4M18.7 5.3a9.5 9.5 0 0 1 0 13.4",
  camera: "M3 7.5h11.5v9H3zM14.5 11l6-3v8l-6-3",
  photo: "M4 7h3.5L9 4.5h6L16.5 7H20v12H4zM12 9.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z",
  picture: "M4 5h16v14H4zM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15.5 8.5a1.2 1.2 0 1 1 0 2.4 1.2 1.2 0 0 1 0-2.4Z",
  upload: "M12 15.5V4.5M7.5 9 12 4.5 16.5 9M4.5 15.5v4h15v-4",
  paste: "M8.5 5H6v15h12V5h-2.5M8.5 3.5h7v3h-7z",
  check: "M5 12.5l4.5 4.5L19 7",
  cross: "M6 6l12 12M18 6 6 18",
  question: "M9 9a3 3 0 1 1 4.4 2.6c-.9.5-1.4 1.1-1.4 2.4M12 17.5v.1",
  clock: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16ZM12 8v4.5l3 2",
  calendar: "M4.5 6h15v13.5h-15zM4.5 10h15M8.5 3.5V8M15.5 3.5V8",
  pin: "M12 21s6.5-6.2 6.5-11a6.5 6.5 0 0 0-13 0c0 4.8 6.5 11 6.5 11ZM12 7.500a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z",
  map: "M9 5 3.5 7.500v12L9 17l6 2.5 5.5-2.500V5L15 7.5 9 5ZM9 5v12M15 7.500v12",
  filter: "M4 5.500h16l-6.2 7.300v5.700l-3.6-1.800v-3.900z",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.700l1-1",
  print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
  copy: "M8.5 8.500H19V20H8.500zM5 15.500V4h10.5",
  warn: "M12 4 2.8 19.500h18.400zM12 10v4.500M12 17v.1",
  outage: "M3 3l18 18M8.5 15.500a5 5 0 0 1 5-1.300M5.5 12.300a9.5 9.5 0 0 1 4-2.300M12 19v.1M2.5 9a14 14 0 0 1 3.8-2.500M14 9.700a9.5 9.5 0 0 1 4.5 2.600M10.5 5.100A14 14 0 0 1 21.5 9",
  down: "M6 9.500l6 6 6-6",
  up: "M6 14.500l6-6 6 6",
  left: "M14.5 6l-6 6 6 6",
  right: "M9.5 6l6 6-6 6",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  back: "M20 12H5M11 6l-6 6 6 6",
  undo: "M9 14 4.5 9.5 9 5M5 9.500h9a5 5 0 0 1 0 10h-3",
  again: "M19.5 5v5h-5M19 10a7.5 7.5 0 1 0 .5 4",
  box: "M4.5 8.500v-4h4M15.5 4.500h4v4M19.5 15.500v4h-4M8.5 19.500h-4v-4M9 9h6v6H9z",
  compare: "M4 5h6.500v14H4zM13.5 5H20v14h-6.500z",
  case: "M4 8h16v11.500H4zM9 8V5h6v3M4 13h16",
  signOut: "M10 4.500H5v15h5M14.5 8l4 4-4 4M18.5 12H9.5",
  list: "M8.5 6.500H20M8.5 12H20M8.5 17.500H20M4.5 6.500v.1M4.5 12v.1M4.5 17.500v.1",
  grid: "M4.5 4.500h6v6h-6zM13.5 4.500h6v6h-6zM4.5 13.500h6v6h-6zM13.5 13.500h6v6h-6z",
  parked: "M5 4h14v16H5zM10 16.500v-9h3a2.5 2.5 0 0 1 0 5.500h-3",
  car: "M4 16.500v-4l2-5.500h12l2 5.500v4zM4 12.500h16M7.5 16.500a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.600ZM16.5 16.500a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.600Z",
  shield: "M12 3.5 5 6v5.500c0 4.3 2.9 7.5 7 9 4.1-1.5 7-4.7 7-9V6zM9 12l2.2 2.200L15.5 10",
  globe: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16ZM4 12h16M12 4c2.5 2.2 3.7 5 3.7 8s-1.2 5.8-3.7 8c-2.5-2.2-3.7-5-3.7-8S9.5 6.2 12 4Z",
  external: "M13.5 5H19v5.500M19 5l-8.5 8.500M10 6H5v13h13v-5",
  pause: "M8.5 5.500v13M15.5 5.500v13",
  play: "M7.5 5v14l11-7z",
  zoomIn: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM15.3 15.3 20 20M10.5 7.500v6M7.5 10.500h6",
  zoomOut: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM15.3 15.3 20 20M7.5 10.500h6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number | undefined }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} fill="none" stroke="currentColor"
      stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
