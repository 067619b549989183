"""Methods that learn, compared on one split: loading, running, and the page."""
