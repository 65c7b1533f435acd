// What is to be said of the probabilities of an answer: they are by look alone, or there are none.
export type ChanceNote = "uncalibrated" | "by_look" | "moved";

/**
 * `moved`: the model is calibrated, but verdicts moved the query, and what its scores are worth was
 * not measured. A probability of exactly 1 is what a person said, no estimate.
 */
export function chanceNote(chances: readonly (number | null)[], calibrated: boolean, judged: boolean): ChanceNote {
  if (!calibrated) return "uncalibrated";
  const estimated = chances.some((one) => one !== null && one < 1);
  return judged && !estimated ? "moved" : "by_look";
}
