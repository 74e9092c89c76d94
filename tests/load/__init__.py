"""What ``make load`` runs: the whole chain on this machine under a load that two cores carry in minutes."""
