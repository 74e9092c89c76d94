"""Maltu (말투): a messenger export becomes an endpoint that answers the way that person writes."""
