"""Messages become turns, conversations, examples and the files a fine-tune is made from."""
