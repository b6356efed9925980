"""Order under control: workers that run side by side are held at points, and go on one at a time."""
