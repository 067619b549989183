"""Bone: lacunae, and the canaliculi that lead off from them."""
