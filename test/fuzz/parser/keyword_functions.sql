SELECT position('l' in 'hello'), overlay('abcdef' placing 'XX' from 3), overlay('abcdef' placing 'XX' from 3 for 4);
