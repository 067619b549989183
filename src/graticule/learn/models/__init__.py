"""Fitting and predicting: pixels, objects, images; estimators by name."""
