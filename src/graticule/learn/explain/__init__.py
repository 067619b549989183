"""What a fitted model looks for: trees and importances, kernels, pictures."""
