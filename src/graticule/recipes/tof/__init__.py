"""Time of flight: regions of a cube of neutron spectra, and what they are made of."""
