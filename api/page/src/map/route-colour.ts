/** Number of the colour of a route (1..5) by its rank; classes are `route-1` … `route-5`. */
export const colourOf = (rank: number) => ((rank - 1) % 5) + 1;
