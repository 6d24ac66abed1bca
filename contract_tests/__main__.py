"""`python -m contract_tests` is the command `deployments-contract`."""

from contract_tests.cli import main

main(prog_name="deployments-contract")
