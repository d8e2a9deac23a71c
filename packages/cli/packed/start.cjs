// Apart from norrix.cjs, since a Node that is too old cannot even read import().
void import('./main.js')
