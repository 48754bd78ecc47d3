"""What runs in Lambda: one module for each function of the template, thin, over `imageproc.core`."""
