"""The subcommands of `deployments-contract`, and what they show."""
