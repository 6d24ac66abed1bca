"""What the mock takes of Connexion, imported in silence.

Its own imports raise deprecation warnings (of starlette's test client, of jsonschema's resolver),
which are nothing that a user of the mock could act upon.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.filterwarnings("ignore", message=".*starlette.testclient.*")
    from connexion import AsyncApp
    from connexion.middleware.abstract import (
        ROUTING_CONTEXT,
        RoutedAPI,
        RoutedMiddleware,
        SpecMiddleware,
    )
    from connexion.middleware.main import API
    from connexion.operations import AbstractOperation, OpenAPIOperation
    from connexion.resolver import Resolver
    from connexion.spec import OpenAPISpecification, Specification

__all__ = [
    "API",
    "ROUTING_CONTEXT",
    "AbstractOperation",
    "AsyncApp",
    "OpenAPIOperation",
    "OpenAPISpecification",
    "Resolver",
    "RoutedAPI",
    "RoutedMiddleware",
    "SpecMiddleware",
    "Specification",
]
