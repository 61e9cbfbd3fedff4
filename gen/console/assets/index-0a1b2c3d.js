document.body.append("Not built.")
