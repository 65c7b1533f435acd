"""How the test city's traffic moves: lights, ways, junctions, and who drives where."""
