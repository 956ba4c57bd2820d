"""hesctl: the command line. Each file is a command and defines `command`; `main` finds it."""
