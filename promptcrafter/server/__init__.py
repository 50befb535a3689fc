"""What serves: one process that prepares and watches, and those that it forks, which answer."""
