"""What is trained, and how its losses are weighed: a module for the settings of each model. Free of torch."""
