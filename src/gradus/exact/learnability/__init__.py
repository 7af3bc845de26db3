"""What training can change from an initialisation, and what it never can."""
