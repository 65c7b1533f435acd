// A list one comes back to is where one left it.
import { useLayoutEffect } from "preact/hooks";

const kept = new Map<string, number>();

/** `ready`: the content is there, so that there is something to scroll. */
export function useKeptScroll(key: string, ready: boolean): void {
  useLayoutEffect(() => {
    if (!ready) return undefined;
    const before = kept.get(key);
    if (before) scrollTo({ top: before, behavior: "instant" });
    return () => {
      kept.set(key, scrollY);
    };
  }, [key, ready]);
}
