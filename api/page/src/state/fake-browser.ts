// What modules of the page expect of a browser when they are loaded, for tests without one.
// Import it before them.
class FakeStorage {
  private readonly kept = new Map<string, string>();
  getItem(key: string) { return this.kept.get(key) ?? null; }
  setItem(key: string, value: string) { this.kept.set(key, value); }
  removeItem(key: string) { this.kept.delete(key); }
}

const globals: Record<string, unknown> = {
  localStorage: new FakeStorage(), sessionStorage: new FakeStorage(),
  navigator: { languages: ["en-GB"] }, location: { hash: "", href: "http://127.0.0.1/", pathname: "/" },
  document: { documentElement: { lang: "" }, visibilityState: "visible", addEventListener: () => undefined },
  addEventListener: () => undefined,
};
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

export {};
