"""The checks of parameters and job variables, in the words of the operation that makes them."""

from __future__ import annotations


def check_job_variables(*a, **k):
    pass


def check_job_variables_of_update(*a, **k):
    pass


def check_parameters_of_update(*a, **k):
    pass


def hydrated_for_deployment(s, p):
    return p


def check_job_variables_of_run(*a, **k):
    pass


def check_parameters_of_run(*a, **k):
    pass


def hydrated_for_run(s, p):
    return p


def check_job_variable_defaults(*a):
    pass


def schema_errors(*a):
    return {"errors": [], "valid": True}
