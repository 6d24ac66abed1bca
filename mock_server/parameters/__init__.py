"""Parameters and job variables: hydrated, rendered, and held against their schemas."""
