"""What the product promises about speed, measured. Each module runs alone; `make bench` runs all."""
