"""`python -m mock_server`: the same as `deployments-mock`."""

from mock_server.cli import main

main()
