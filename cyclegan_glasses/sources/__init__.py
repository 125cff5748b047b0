"""Where photos come from, one module each. A source yields photos and never decides."""
