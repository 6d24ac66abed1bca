"""The subcommands of `deployments-spec`, each in its own module."""
