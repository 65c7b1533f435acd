/** The token of what was pasted: the bare token, or the whole link that yanji printed. */
export function tokenIn(pasted: string): string {
  const match = /[#?&]t=([^&\s]+)/.exec(pasted);
  try {
    return match?.[1] ? decodeURIComponent(match[1]) : pasted.trim();
  } catch {
    return pasted.trim();
  }
}
