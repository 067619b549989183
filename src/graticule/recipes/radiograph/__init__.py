"""Radiograph: attenuation of a sample from a spotted neutron image."""
