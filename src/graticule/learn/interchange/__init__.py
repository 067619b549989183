"""Networks from elsewhere: ONNX, and what the BioImage Model Zoo declares of them."""
