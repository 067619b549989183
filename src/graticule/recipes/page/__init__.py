"""Page: dark ink on paper under uneven light, and which image of it tells them apart."""
