// A trace as it stands in the address: which vehicle, place and time, window, chosen route.
import { type Question, questionOf, traceParams } from "../state/question";

export const WINDOWS_S = [3600, 10_800, 43_200, 86_400, 259_200, 604_800, 2_592_000] as const;
export const FIRST_WINDOW_S = 10_800;
const LEAST_S = 60;
const MOST_S = 30 * 86_400;

export interface TraceAddress { question: Question; windowS: number; route: number }

export function addressOf(params: URLSearchParams): TraceAddress {
  const windowS = Number(params.get("window"));
  const route = Number(params.get("route"));
  return {
    question: questionOf(params),
    windowS: Number.isInteger(windowS) && windowS >= LEAST_S && windowS <= MOST_S ? windowS : FIRST_WINDOW_S,
    route: Number.isInteger(route) && route >= 1 ? route : 1,
  };
}

export function addressParams({ question, windowS, route }: TraceAddress): URLSearchParams {
  const params = traceParams(question);
  if (windowS !== FIRST_WINDOW_S) params.set("window", String(windowS));
  if (route !== 1) params.set("route", String(route));
  return params;
}

/** The next wider window; null at the widest. */
export function widerThan(windowS: number): number | null {
  return WINDOWS_S.find((one) => one > windowS) ?? null;
}
