"""Everything around the application: resources, packaging, deployment, the local stack, the operator's tools."""
