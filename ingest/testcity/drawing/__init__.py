"""How the test city is drawn: light, ground, houses, shaders, and the renderer itself."""
