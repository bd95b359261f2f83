"""What training needs around models."""
