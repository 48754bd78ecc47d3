"""What the client and the deployment share of AWS."""
