"""What make calls beside pyinfra itself, a module a command."""
