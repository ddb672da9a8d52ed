"""Stories: which entries repeat another, and which tell of the same happening."""
